/** Whether a page of this host (`URL.hostname`) is for browsers on its own machine only: on another, the same address leads elsewhere. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}
