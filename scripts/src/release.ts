import { globSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { quietEnv } from './quiet.ts'
import type { Registry } from './registry.ts'
import { mustRun } from './run.ts'
import { tool } from './tool.ts'
import { published } from './workspace.ts'

export interface ReleaseOptions {
  /** A copy of the tree, with its dependencies installed. */
  workspace: string
  registry: Registry
  env: NodeJS.ProcessEnv
  signal: AbortSignal
}

/**
 * Does what the release workflow does, towards a registry of our own: new versions, a build, and out. It builds only what gets a new version;
 * the workflow builds everything, and publishes the same.
 */
export async function release({ workspace, registry, env, signal }: ReleaseOptions): Promise<string[]> {
  const before = await publishedVersions(registry)
  const at = { cwd: workspace, signal, env }
  const changeset = tool('changeset', '@changesets/cli')
  const old = versions(workspace)
  // Just after a release there is none, and what is published then is what stands in the manifests.
  if (hasChangesets(workspace)) await mustRun(changeset[0], [changeset[1], 'version'], at)
  const moved = versions(workspace).filter((version) => !old.includes(version))
  const filters = moved.map((version) => `--filter=${nameOf(version)}`)
  const build = ['scripts/turbo.ts', 'run', 'build', '--output-logs=errors-only', ...filters]
  await mustRun(process.execPath, build, at)
  await mustRun(changeset[0], [changeset[1], 'publish', '--no-git-tag'], at)
  const after = await publishedVersions(registry)
  return after.filter((version) => !before.includes(version))
}

/** `@harbor/retry` of `@harbor/retry@0.1.0`. */
export function nameOf(version: string): string {
  return version.slice(0, version.lastIndexOf('@'))
}

function versions(workspace: string): string[] {
  return published(workspace).map(({ manifest: { name, version = '' } }) => `${name}@${version}`)
}

function hasChangesets(workspace: string): boolean {
  return globSync('*.md', { cwd: join(workspace, '.changeset') }).some((name) => name !== 'README.md')
}

/** Adds a changeset as a contributor would. */
export function addChangeset(
  workspace: string,
  packageName: string,
  bump: 'patch' | 'minor' | 'major',
): void {
  const text = `---\n'${packageName}': ${bump}\n---\n\nA change made up for the rehearsal.\n`
  writeFileSync(join(workspace, '.changeset', 'rehearsal.md'), text)
}

/** Every version of every package that the registry has: `@harbor/retry@0.1.0`. */
async function publishedVersions(registry: Registry): Promise<string[]> {
  const all = published().map(async ({ manifest: { name } }) => {
    const versions = await registry.versions(name)
    return versions.map((version) => `${name}@${version}`)
  })
  return (await Promise.all(all)).flat()
}

/** Our environment without what the pnpm that started us says about itself: it would lead npm back into our own workspace. */
export function rehearsalEnv(folder: string): NodeJS.ProcessEnv {
  const aboutThisRun = /^p?npm_(?!config_(cafile|https?_proxy|noproxy|proxy|registry|store_dir|userconfig)$)/i
  const kept = Object.entries(quietEnv).filter(([name]) => !aboutThisRun.test(name))
  const scratch = join(folder, 'scratch')
  mkdirSync(scratch, { recursive: true })
  return { ...Object.fromEntries(kept), TMPDIR: scratch, npm_config_cache: join(folder, 'npm-cache') }
}

/** The same, in which npm and pnpm know only our own registry, and no account. */
export function registryEnv(folder: string, registry: Registry): NodeJS.ProcessEnv {
  const userconfig = join(folder, 'npmrc')
  const { host } = new URL(registry.url)
  writeFileSync(userconfig, `registry=${registry.url}\n//${host}/:_authToken=nobody\nupdate-notifier=false\n`)
  return {
    ...rehearsalEnv(folder),
    npm_config_userconfig: userconfig,
    npm_config_registry: registry.url,
    pnpm_config_registry: registry.url,
  }
}
