/** What a run asks about errors and targets. */
export interface Judge<Target> {
  /** Whether another target may do better. */
  advances(error: unknown, target: Target): boolean
  /** Why a target would fare no better, if it would not. */
  reasonToSkip(target: Target): string | undefined
}

/** A target may say which credential it has, so that others with the same one are left out when it is refused. */
interface MayHaveCredential {
  readonly name: string
  readonly credential?: unknown
}

/**
 * The judge of one run: what the caller gave, or else the default. That goes on, but not with a request that is wrong in itself
 * (400, 405, 406, 413, 415, 422), nor with one that was refused for its content: a refusal is never routed around. After 401 and
 * 403 the targets with the same credential are left out.
 */
export function judgeOf<Target extends MayHaveCredential>(
  shouldAdvance: ((error: unknown, target: Target) => boolean) | undefined,
): Judge<Target> {
  const refusedBy = new Map<unknown, string>()

  function advances(error: unknown, { name, credential }: Target): boolean {
    const { status, statusCode, response, code, type } = (error ?? {}) as ErrorLike
    const answered = [status, statusCode, response?.status].find((value) => typeof value === 'number')
    if (WRONG_IN_ITSELF.includes(answered)) return false
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

const WRONG_IN_ITSELF: readonly unknown[] = [400, 405, 406, 413, 415, 422]
const REFUSED: readonly unknown[] = [401, 403]
const CONTENT_REFUSED = /content_(filter|policy)|moderation|responsibleai|data_inspection/i

interface ErrorLike {
  status?: unknown
  statusCode?: unknown
  response?: { status?: unknown } | null
  code?: unknown
  type?: unknown
}
