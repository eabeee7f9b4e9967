/**
 * `pnpm release:dry` rehearses a release from end to end, in a copy of the tree and towards a registry of its own:
 * publishes every package, installs each as its users would, tries the first example of its README, and then releases
 * one changed package again to see that nothing else moves. It leaves nothing behind.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Consumer } from './src/consumer.ts'
import { pnpm } from './src/pnpm.ts'
import { startRegistry } from './src/registry.ts'
import { addChangeset, registryEnv, rehearsalEnv, release } from './src/release.ts'
import { mustRun } from './src/run.ts'
import { copySources } from './src/source-copy.ts'
import { stopSignal } from './src/stop-signal.ts'
import { tarballProblems } from './src/tarball.ts'
import { temporaryFolder } from './src/temporary-folder.ts'
import { published, root } from './src/workspace.ts'

const leaf = '@harbor/retry'
const signal = stopSignal()

async function rehearse(): Promise<void> {
  using folder = temporaryFolder('harbor-release-')
  const workspace = join(folder.path, 'workspace')
  mkdirSync(workspace)
  const uplink = (await mustRun('npm', ['config', 'get', 'registry'], { cwd: root, signal }))
    .trim()
    .split('\n')
    .at(-1)
  await using registry = await startRegistry(folder.path, uplink ?? '')

  await timed('a copy of the tree, installed', async () => {
    await copySources(workspace, signal)
    const [command, args] = pnpm(['install', '--frozen-lockfile', '--prefer-offline'])
    await mustRun(command, args, { cwd: workspace, signal, env: rehearsalEnv(folder.path) })
  })

  const env = registryEnv(folder.path, registry)
  const first = await timed('versions, build, publish', () => release({ workspace, registry, env, signal }))
  console.log(`  ${first.join(', ')}`)
  const names = published().map(({ manifest }) => manifest.name)
  const unpublished = names.filter((name) => !first.some((version) => version.startsWith(`${name}@`)))
  if (unpublished.length > 0) throw new Error(`not published: ${unpublished.join(', ')}`)

  for (const name of names) {
    await timed(`npm install ${name}`, async () => {
      const install = name === '@harbor/core' ? [name, 'openai'] : [name]
      const consumer = await Consumer.install({
        folder: join(folder.path, 'users', name),
        install,
        env,
        signal,
      })
      const problems = tarballProblems(consumer.folderOf(name))
      if (problems.length > 0) throw new Error(`${name}: ${problems.join('; ')}`)
      await consumer.load(name)
      if (!(await consumer.tryFirstExample(name))) console.log('  its README shows no example yet')
    })
  }

  addChangeset(workspace, leaf, 'patch')
  const second = await timed(`a second release, of ${leaf} alone`, () =>
    release({ workspace, registry, env, signal }),
  )
  console.log(`  ${second.join(', ')}`)
  // A patch is inside everybody's range, so nobody else has to move.
  if (second.length !== 1 || !second[0]?.startsWith(`${leaf}@`)) {
    throw new Error(`${leaf} alone should have moved, but this did: ${second.join(', ') || 'nothing'}`)
  }
}

async function timed<T>(name: string, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const startedAt = performance.now()
  const result = await work()
  console.log(`✓ ${name} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`)
  return result
}

try {
  await rehearse()
  console.log('The release would go well.')
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode ||= 1
}
