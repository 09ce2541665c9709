/**
 * How a peer's router translates addresses (RFC 4787): `open`: not at all, or one address for all with no filter; `cone`: one address for all,
 * answers from known addresses; `restricted`: one address for all, answers from known addresses and ports; `symmetric`: another address for each other end.
 */
export const natTypes = ['open', 'cone', 'restricted', 'symmetric'] as const
export type NatType = (typeof natTypes)[number]

/** The share of peers behind each; what is missing to 1 is open. */
export type NatShares = { readonly [type in Exclude<NatType, 'open'>]: number }

/** As public measurements have it, roughly: nearly a quarter of the pairs cannot link. */
export const usualNat: NatShares = { cone: 0.3, restricted: 0.35, symmetric: 0.25 }

export function natAt(shares: NatShares, share: number): NatType {
  if (share < shares.symmetric) return 'symmetric'
  if (share < shares.symmetric + shares.restricted) return 'restricted'
  return share < shares.symmetric + shares.restricted + shares.cone ? 'cone' : 'open'
}

/** Whether a direct link can be made without TURN: a symmetric one needs the other to answer whoever knocks. */
export function canLink(a: NatType, b: NatType): boolean {
  if (a === 'symmetric') return b === 'open' || b === 'cone'
  if (b === 'symmetric') return a === 'open' || a === 'cone'
  return true
}
