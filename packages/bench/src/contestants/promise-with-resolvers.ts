// js-libp2p 3 asks for Node 22. Node 20 lacks only this of what its relay uses; imported before it.
if (!('withResolvers' in Promise)) Object.assign(Promise, { withResolvers })

function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve!: (value: T | PromiseLike<T>) => void
  let reject!: (reason?: unknown) => void
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}
