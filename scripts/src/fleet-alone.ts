import { spawnSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { asTestedBy } from './beside.ts'
import { mustRun } from './run.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { root } from './workspace.ts'

/** What a user installs beside our packages: the member that is tested with it, and its name. */
const BESIDE = [
  ['packages/core', 'openai'],
  ['packages/bullmq', 'bullmq'],
  ['packages/bullmq', 'ioredis'],
] as const

/**
 * Installs the packed packages into an empty folder as a user of `harbor bulk --fleet` does, and makes a small run there: with a Redis server,
 * two workers by the command of `@harbor/bullmq`, and a simulated provider.
 *
 * @param tarballs of every published package
 * @returns why nothing was tried; undefined after a run
 * @throws if a command fails, or if requests were lost or sent twice
 */
export async function tryFleetAlone(
  tarballs: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  if (spawnSync('redis-server', ['--version']).status !== 0) {
    if (process.env['CI']) throw new Error('This needs redis-server: install the package redis-server.')
    return 'not tried: there is no redis-server on this machine'
  }
  using folder = temporaryFolder('harbor-fleet-')
  const cwd = folder.path
  cpSync(join(root, 'scripts', 'fleet-alone'), cwd, { recursive: true })
  const beside = BESIDE.map(([folder, name]) => asTestedBy(folder, name))
  const execute = (command: string, ...args: string[]) =>
    mustRun(command, args, { cwd, signal, timeoutMs: 300_000 })
  await execute('npm', 'install', '--no-audit', '--no-fund', '--loglevel=error', ...tarballs, ...beside)
  await execute(process.execPath, 'fleet.js')
  return undefined
}
