import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun } from './run.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { readManifest, root } from './workspace.ts'

/**
 * Installs the packed simulator into an empty folder, with vitest and nothing else, and tests a small retry function with it there: with
 * vitest, with node:test and by the command.
 *
 * @param tarball of `@harbor/simulator`
 * @throws if a test fails, or if the simulator brought another package along
 */
export async function trySimulatorAlone(tarball: string, signal: AbortSignal): Promise<void> {
  using folder = temporaryFolder('harbor-simulator-')
  const cwd = folder.path
  const modules = join(cwd, 'node_modules')
  cpSync(join(root, 'scripts', 'simulator-alone'), cwd, { recursive: true })
  const execute = (command: string, ...args: string[]) =>
    mustRun(command, args, { cwd, signal, timeoutMs: 300_000 })
  const install = (...packages: string[]) =>
    execute('npm', 'install', '--no-audit', '--no-fund', '--loglevel=error', ...packages)

  await install(tarball)
  const installed = await execute('npm', 'ls', '--all', '--parseable')
  const packages = installed.split('\n').filter((line) => line.includes('node_modules'))
  if (packages.length !== 1) throw new Error(`more than the simulator was installed: ${packages.join(', ')}`)
  await execute(process.execPath, '--test', 'node-test.js')
  const help = await execute(process.execPath, join(modules, '.bin', 'harbor-simulator'), '--help')
  if (!help.includes('npx @harbor/simulator')) throw new Error(`the command does not explain itself: ${help}`)

  const { version = '' } = readManifest(join(root, 'node_modules', 'vitest', 'package.json'))
  await install(`vitest@${version}`)
  await execute(process.execPath, join(modules, 'vitest', 'vitest.mjs'), 'run')
}
