import type { Exchange } from '../call/exchange.ts'

/** Records the provider's id of an answer in the receipt, and passes it to the call's `onResponseId`. */
export function noteResponseId({ receipt, perCall, log }: Exchange, id: string | undefined): void {
  if (id === undefined || receipt.responseId === id) return
  receipt.responseId = id
  const onResponseId: ((id: string) => unknown) | undefined = perCall.onResponseId
  if (!onResponseId) return
  const warn = (error: unknown): void => {
    log('warn', () => `${receipt.id}: onResponseId threw: ${String(error)}`)
  }
  try {
    const outcome = onResponseId(id)
    if (outcome instanceof Promise) outcome.catch(warn)
  } catch (error) {
    warn(error)
  }
}
