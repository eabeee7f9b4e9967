import { existsSync, globSync, mkdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pnpm } from './pnpm.ts'
import { mustRun } from './run.ts'
import { type Manifest, type Member, members, readManifest, root } from './workspace.ts'

/** Packs a package as it would be published and returns the tarball's path. */
export async function pack(member: Member, destination: string, signal?: AbortSignal): Promise<string> {
  mkdirSync(destination, { recursive: true })
  const [command, args] = pnpm(['pack', '--pack-destination', destination])
  await mustRun(command, args, { cwd: member.path, ...(signal && { signal }) })
  const file = join(destination, tarballName(member.manifest))
  if (!existsSync(file)) throw new Error(`${member.folder} was packed, but not to ${file}`)
  return file
}

/** Unpacks a tarball into a folder and returns the folder of the package in it. */
export async function unpack(tarball: string, destination: string): Promise<string> {
  mkdirSync(destination, { recursive: true })
  await mustRun('tar', ['-xzf', tarball, '-C', destination], { cwd: destination })
  return join(destination, 'package')
}

/** What is wrong with an unpacked package, as its users would meet it. Nothing, when all is well. */
export function tarballProblems(folder: string): string[] {
  const manifest = readManifest(join(folder, 'package.json'))
  const files = globSync('**/*', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort()
  const problems = [...exportTargets(manifest), 'README.md', 'LICENSE', 'package.json']
    .filter((file) => !files.includes(file))
    .map((file) => `${file} is not in it`)

  const allowed = /^(dist\/|README\.md$|LICENSE$|CHANGELOG\.md$|package\.json$)/
  for (const file of files) if (!allowed.test(file)) problems.push(`${file} does not belong in it`)
  const text = JSON.stringify(manifest)
  if (text.includes('@harbor/source')) problems.push('package.json still offers the sources')
  if (text.includes('workspace:')) problems.push('package.json still names workspace versions')
  for (const { manifest: member } of members()) {
    if (member.private !== true || !member.name.startsWith('@harbor/')) continue
    if (text.includes(member.name)) problems.push(`package.json names the private package ${member.name}`)
  }
  for (const file of files.filter((each) => each.startsWith('dist/'))) {
    if (/@harbor\/parts|\/parts\/src/.test(readFileSync(join(folder, file), 'utf8')))
      problems.push(`${file} names the private package parts`)
    // Errors, consoles and the user agent show the names of classes.
    const renamed = /\bclass _([A-Z]\w*)/.exec(readFileSync(join(folder, file), 'utf8'))?.[1]
    if (renamed !== undefined) problems.push(`${file} renames the class ${renamed}`)
  }
  const licensed = files.includes('LICENSE') && readFileSync(join(folder, 'LICENSE'), 'utf8')
  if (licensed !== readFileSync(join(root, 'LICENSE'), 'utf8'))
    problems.push("LICENSE is not the repository's")
  return problems
}

/** Every file that the `exports` of a package lead to, `dist/index.js`. */
function exportTargets(manifest: Manifest): string[] {
  const targets = (value: unknown): string[] => {
    if (typeof value === 'string') return [value.replace(/^\.\//, '')]
    return typeof value === 'object' && value !== null ? Object.values(value).flatMap(targets) : []
  }
  return [...new Set(targets(manifest.exports))]
}

function tarballName({ name, version }: Manifest): string {
  return `${name.replace('@', '').replace('/', '-')}-${version ?? ''}.tgz`
}
