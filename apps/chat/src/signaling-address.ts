/** The signalling server: the one this page came from, unless `?signal=` names another. */
export function signalingAddress(page: URL): string {
  const named = page.searchParams.get('signal')
  if (named !== null && /^wss?:\/\//.test(named) && URL.canParse(named)) return named
  return `${page.protocol === 'https:' ? 'wss' : 'ws'}://${page.host}/signal`
}
