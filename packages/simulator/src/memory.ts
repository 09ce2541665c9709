import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes in use after all garbage was collected: objects, and flat memory beside them; and the most that the process ever had. */
export function memoryInUse(): { readonly heapBytes: number; readonly outsideBytes: number; readonly peakBytes: number } {
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return { heapBytes: heapUsed, outsideBytes: arrayBuffers, peakBytes: process.resourceUsage().maxRSS * 1_024 }
}
