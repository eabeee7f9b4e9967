/** Decides, for one run, after which errors another target is called, and which targets are skipped. */
export interface Judge<Target> {
  /** Whether to call another target after this error. */
  advances(error: unknown, target: Target): boolean
  /** Returns the reason to skip a target because of an earlier error in the run; `undefined` if it is not to be skipped. */
  reasonToSkip(target: Target): string | undefined
}

/** A target with an optional credential. When a server refuses a credential, the run skips all later targets with the same credential. */
interface MayHaveCredential {
  readonly name: string
  readonly credential?: unknown
}

/**
 * Creates the judge of one run, from the caller's `shouldAdvance` or, without it, the default rules:
 * - An invalid request (400, 405, 406, 413, 415, 422) ends the run.
 * - Refused content ends the run too: Harbor does not circumvent content filters.
 * - After any other error, the next target is called.
 * - After 401 or 403, targets with the same credential are skipped.
 */
export function judgeOf<Target extends MayHaveCredential>(
  shouldAdvance: ((error: unknown, target: Target) => boolean) | undefined,
): Judge<Target> {
  const refusedBy = new Map<unknown, string>()

  function advances(error: unknown, { name, credential }: Target): boolean {
    const { status, statusCode, response, code, type } = (error ?? {}) as ErrorLike
    const answered = [status, statusCode, response?.status].find((value) => typeof value === 'number')
    if (INVALID_REQUEST.includes(answered)) return false
    if ([code, type].some((word) => typeof word === 'string' && CONTENT_REFUSED.test(word))) return false
    if (REFUSED.includes(answered) && credential !== undefined) refusedBy.set(credential, name)
    return true
  }

  return {
    advances: shouldAdvance ?? advances,
    reasonToSkip({ credential }) {
      const name = refusedBy.get(credential)
      return name === undefined ? undefined : `its credential was refused by ${name}`
    },
  }
}

const INVALID_REQUEST: readonly unknown[] = [400, 405, 406, 413, 415, 422]
const REFUSED: readonly unknown[] = [401, 403]
const CONTENT_REFUSED = /content_(filter|policy)|moderation|responsibleai|data_inspection/i

interface ErrorLike {
  status?: unknown
  statusCode?: unknown
  response?: { status?: unknown } | null
  code?: unknown
  type?: unknown
}
