import type { LegHandler } from '../call/exchange.ts'

/**
 * Lets another request continue a stream that broke after its first content, with `onStreamFailure: 'continue'`. The request goes to the same
 * target, through limits, circuit and money like any other attempt. `stream/continued-stream.ts` decides whether its answer fits.
 */
export function continuationLayer(next: LegHandler): LegHandler {
  return (exchange) => {
    const { perCall, policy, operation, json, streaming, leg } = exchange
    const { continuing } = operation
    if ((perCall.onStreamFailure ?? policy.onStreamFailure) !== 'continue') return next(exchange)
    if (!continuing || !json || !streaming || perCall.isPrefetch || !continuing.isPlainText(json))
      return next(exchange)
    const { continuation, maxBridgeTokens } = policy.routes.continuationAt(leg.target, operation)
    if (continuation === 'none') return next(exchange)
    // Few calls ask for it, so it is loaded when one does.
    return import('./continued-answer.ts').then(({ ContinuedAnswer }) =>
      new ContinuedAnswer(exchange, next, continuing, json, continuation).answer(maxBridgeTokens),
    )
  }
}
