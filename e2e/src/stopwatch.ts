/** Does the work, prints how long it took, and answers with its result. */
export async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const startMs = performance.now()
  const result = await work()
  console.log(`   ${what}: ${Math.round(performance.now() - startMs)} ms`)
  return result
}
