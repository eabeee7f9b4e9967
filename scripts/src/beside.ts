import { existsSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { importedFrom } from './first-example.ts'
import { readmeBlocks } from './readme-blocks.ts'
import { type Member, published, readManifest, root } from './workspace.ts'

/** A package in the version with which the workspace tests one of its members: `openai@7.57.0`. */
export function asTestedBy(folder: string, name: string): string {
  const { version = '' } = readManifest(join(root, folder, 'node_modules', name, 'package.json'))
  return `${name}@${version}`
}

/** The first TypeScript example of a README, if it has one. */
export function firstExample(folder: string): string | undefined {
  return existsSync(join(folder, 'README.md')) ? readmeBlocks('README.md', folder)[0]?.code : undefined
}

/**
 * What someone installs beside a package to run the first example of its README, besides what npm brings along: what the example imports,
 * and the peers of what is installed so. Packages of others are in the versions of this workspace, so that a release elsewhere changes nothing.
 */
export function installedBeside({ folder, path, manifest }: Member): string[] {
  const imported = importedFrom(firstExample(path) ?? '')
    .filter((name) => !isBuiltin(name))
    .map(packageOf)
  const ours = published().filter(({ manifest: { name } }) => imported.includes(name))
  const peers = [{ folder, manifest }, ...ours].flatMap((member) =>
    requiredPeers(member).map((peer) => asTestedBy(member.folder, peer)),
  )
  const names = ours.map((member) => member.manifest.name)
  // The package of these scripts depends on everything that a README may show.
  const others = imported.filter((name) => !names.includes(name)).map((name) => asTestedBy('scripts', name))
  return [...new Set([...names.filter((name) => name !== manifest.name), ...peers, ...others])]
}

function requiredPeers({ manifest }: Pick<Member, 'manifest'>): string[] {
  const { peerDependencies = {}, peerDependenciesMeta = {} } = manifest
  return Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true)
}

/** `@harbor/simulator` of `@harbor/simulator/vitest`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}
