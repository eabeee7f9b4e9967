import { basename, join } from 'node:path'
import { readManifest, root } from './workspace.ts'

/** How to call pnpm: the one that started this script, else the project's version through npx. */
export function pnpm(args: readonly string[], startedBy = process.env.npm_execpath): [string, string[]] {
  const name = startedBy === undefined ? '' : basename(startedBy)
  if (startedBy !== undefined && /^pnpm(\.exe)?$/.test(name)) return [startedBy, [...args]]
  if (startedBy !== undefined && /^pnpm\.[cm]?js$/.test(name)) return [process.execPath, [startedBy, ...args]]
  return ['npx', ['--yes', `pnpm@${pnpmVersion()}`, ...args]]
}

/** The one place the version stands: `devEngines.packageManager` of the root's package.json. */
export function pnpmVersion(): string {
  const version = readManifest(join(root, 'package.json')).devEngines?.packageManager.version
  if (version === undefined) throw new Error('package.json names no pnpm in devEngines.packageManager')
  return version
}
