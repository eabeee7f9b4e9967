/** Judges errors and targets for one run. */
export interface Judge<Target> {
  /** Whether to call another target after this error. */
  advances(error: unknown, target: Target): boolean
  /** Why a target is skipped because of an earlier error in the run; `undefined` if it is not skipped. */
  reasonToSkip(target: Target): string | undefined
}

/** A target that may have a credential. When a credential is refused, all other targets with the same credential are skipped. */
interface MayHaveCredential {
  readonly name: string
  readonly credential?: unknown
}

/**
 * Creates the judge of one run, from the caller's `shouldAdvance` or the default. By default, the next target is called after
 * every error, except an invalid request (400, 405, 406, 413, 415, 422) and refused content: Harbor does not route around a
 * content filter. After 401 and 403, targets with the same credential are skipped.
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
