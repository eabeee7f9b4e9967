import type { Exchange } from './exchange.ts'

/** Another target answered first, so this attempt was given up. */
export class LostHedgeError extends Error {
  override readonly name = 'AbortError'
  readonly code = 'lost_hedge'

  constructor() {
    super('Another target has answered first.')
  }

  static is(error: unknown): error is LostHedgeError {
    return error instanceof Error && 'code' in error && error.code === 'lost_hedge'
  }
}

/** A signal for one of several legs that run at once: it ends with the call, or when another leg was faster. */
export interface LegSignal {
  readonly signal: AbortSignal
  /** This leg has answered: from here on only the call ends it. */
  won(): void
  /** Nothing of it stays behind. */
  release(): void
}

/** @param race aborts when another leg has answered */
export function legSignal({ signal: call }: Exchange, race: AbortSignal): LegSignal {
  const controller = new AbortController()
  const ended = (): void => {
    controller.abort(call?.reason)
  }
  const lost = (): void => {
    controller.abort(call?.aborted ? call.reason : new LostHedgeError())
  }
  if (call?.aborted) ended()
  call?.addEventListener('abort', ended)
  race.addEventListener('abort', lost)
  return {
    signal: controller.signal,
    won: () => {
      race.removeEventListener('abort', lost)
    },
    release: () => {
      call?.removeEventListener('abort', ended)
      race.removeEventListener('abort', lost)
    },
  }
}
