/** For how long what Redis has forbidden is not tried again, in milliseconds. */
export const FORBIDDEN_MS = 60_000

/** If Redis has refused nothing for this time, in milliseconds, nothing is forbidden any more: what it refused was tried again meanwhile. */
export const ALLOWED_AGAIN_MS = 2 * FORBIDDEN_MS

/** What a Redis user must be allowed, as arguments of `ACL SETUSER`, besides the keys of the prefix. */
export const RIGHTS = ['+@read', '+@write', '+@scripting', '+@blocking', '+time'] as const

/**
 * Whether Redis has refused a command because its access control list does not allow the user to run it, itself or in a script, or to use a
 * key. Servers before version 7 have no code for it in scripts.
 */
export function isForbidden(error: unknown): error is Error {
  return error instanceof Error && /\bNOPERM\b|user executing the script can't run/.test(error.message)
}
