const MIN_VERSION = [22, 19] as const

/**
 * Checks the version of Node.js. Harbor and the SDK need APIs of Node.js 22.19. Without this check, an older version would fail only in a
 * later call. Bun and Deno report the version of Node.js that they are compatible with.
 *
 * @param version `process.versions.node`
 * @throws Error on an older Node.js, with the running version and the required one
 */
export function assertNodeVersion(version: string | undefined): void {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number)
  if (major > MIN_VERSION[0] || (major === MIN_VERSION[0] && minor >= MIN_VERSION[1])) return
  const running = version === undefined ? 'this runtime reports no version of Node.js' : `this is ${version}`
  throw new Error(`@harbor/core needs Node.js ${MIN_VERSION.join('.')} or newer, and ${running}.`)
}
