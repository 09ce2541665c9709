/** Of `navigator`, what tells the kind of device. */
export interface DeviceHints {
  readonly userAgent: string
  /** Chromium only, and only on pages that are https or localhost. */
  readonly userAgentData?: { readonly mobile: boolean }
}

/** Phones, whose battery and radio it is, and Safari, which opens N² sockets for N set-ups (WebKit#73858); every browser of iOS is a Safari. */
export function isSmallDevice({ userAgent, userAgentData }: DeviceHints): boolean {
  if (userAgentData) return userAgentData.mobile
  // iPads say that they are Macs, and are known by their Safari.
  return /Mobi|Android|iPhone|iPad/.test(userAgent) || (/Safari\//.test(userAgent) && !/Chrom(e|ium)\//.test(userAgent))
}
