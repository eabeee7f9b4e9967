import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** The repository's root folder. */
export const root = join(import.meta.dirname, '..', '..')

export interface Manifest {
  name: string
  version?: string
  private?: boolean
  scripts?: Record<string, string>
  bin?: string | Record<string, string>
  exports?: Exports
  publishConfig?: { exports: Exports }
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  peerDependenciesMeta?: Record<string, { optional?: boolean }>
  devEngines?: { packageManager: { version: string } }
  description?: string
}

/** Entry to file, or entry to condition to file. */
export type Exports = Record<string, string | Record<string, string>>

export interface Member {
  /** Where it lives, relative to the root: `packages/retry`. */
  folder: string
  path: string
  manifest: Manifest
}

/** Every package of the workspace, in the order of their folders. */
export function members(from = root): Member[] {
  const folders = readdirSync(join(from, 'packages')).map((name) => `packages/${name}`)
  return [...folders, 'benchmarks', 'examples', 'scripts'].flatMap((folder) => {
    const path = join(from, folder)
    const file = join(path, 'package.json')
    return existsSync(file) ? [{ folder, path, manifest: readManifest(file) }] : []
  })
}

/** The packages that go to the registry. */
export function published(from = root): Member[] {
  return members(from).filter((member) => member.manifest.private !== true)
}

export function readManifest(file: string): Manifest {
  return JSON.parse(readFileSync(file, 'utf8')) as Manifest
}
