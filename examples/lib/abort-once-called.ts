import type { SimulatedProvider } from '@harbor/simulator'

/** Returns a signal that aborts when a provider has received a request: the user leaves while the model thinks. */
export function abortOnceCalled(provider: SimulatedProvider): AbortSignal {
  const controller = new AbortController()
  const timer = setInterval(() => {
    if (provider.requests().length === 0) return
    clearInterval(timer)
    controller.abort(new DOMException('The user has left.', 'AbortError'))
  }, 10)
  return controller.signal
}
