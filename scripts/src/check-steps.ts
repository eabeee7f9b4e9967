import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { tryFleetAlone } from './fleet-alone.ts'
import { fileNamed, listNamed } from './named-file.ts'
import { partsWithoutChangeset } from './parts-changesets.ts'
import { quietEnv } from './quiet.ts'
import { run } from './run.ts'
import { trySimulatorAlone } from './simulator-alone.ts'
import type { Step } from './steps.ts'
import { pack, tarballProblems, unpack } from './tarball.ts'
import { tool } from './tool.ts'
import { published, root } from './workspace.ts'

/** Everything `pnpm check` asks of the repository. Steps start in this order, each after those whose work it needs. */
export function checkSteps(signal: AbortSignal): Step[] {
  const execute = ([program = '', ...args]: string[]) =>
    run(program, args, { cwd: root, env: quietEnv, signal })
  const command = (name: string, ...argv: string[]): Step => ({ name, run: () => execute(argv) })
  const turbo = (task: string) =>
    command(task, ...tool('turbo'), 'run', task, '--continue', '--output-logs=errors-only')
  const source = (name: string, file: string) =>
    command(name, process.execPath, '--conditions=@harbor/source', file)
  return [
    turbo('build'),
    // The longest that takes one core.
    command('lint', process.execPath, 'scripts/lint.ts'),
    turbo('test'),
    plainSdkTests(signal),
    command('release', process.execPath, '--disable-warning=ExperimentalWarning', 'scripts/release-dry.ts'),
    { name: 'parts', run: checkParts },
    ...tarballSteps(execute, signal),
    { ...command('runtimes', process.execPath, 'scripts/runtimes.ts'), after: ['build'] },
    { ...command('size', ...tool('size-limit')), after: ['build'] },
    command('typecheck', process.execPath, 'scripts/typecheck.ts'),
    command('format', ...tool('prettier'), '--check', '.'),
    command('knip', ...tool('knip'), '--no-progress'),
    source('demo', 'examples/fault-tolerance.ts'),
    ...[...listNamed('examples', '.ts'), ...listNamed('examples/sdks', '.ts').map((name) => `sdks/${name}`)]
      .filter((name) => name !== 'fault-tolerance')
      .map((name) => source(`example ${name}`, fileNamed('examples', '.ts', name))),
    command('readme', process.execPath, 'scripts/readme-blocks.ts'),
  ]
}

/** The tests of core once more, without the fast path around the private methods of the OpenAI SDK. */
function plainSdkTests(signal: AbortSignal): Step {
  const [program, vitest] = tool('vitest')
  const env = {
    ...quietEnv,
    HARBOR_OPENAI_SDK: 'plain',
    HARBOR_TEST_REPORT: '.reports/vitest-plain-sdk.json',
  }
  return {
    name: 'test plain SDK',
    // Both bundle the programs that the tests of core start.
    after: ['test'],
    run: () => run(program, [vitest, 'run'], { cwd: join(root, 'packages', 'core'), env, signal }),
  }
}

/** A change of the shared parts reaches users only if the packages that bundle them are released. */
async function checkParts(): Promise<{ code: number; output: string; note?: string | undefined }> {
  const { missing, notCompared } = await partsWithoutChangeset()
  return {
    code: missing.length,
    output: `packages/parts has changed, so these packages need a changeset: ${missing.join(', ')}`,
    note: notCompared === undefined ? undefined : `  not compared with a release: ${notCompared}`,
  }
}

type Execute = (argv: string[]) => Promise<{ code: number; output: string }>

/** Looks at each package as it would be published: what is in it, where its exports lead, and its types. */
function tarballSteps(execute: Execute, signal: AbortSignal): Step[] {
  const folder = join(root, '.reports', 'tarballs')
  const tarballs: string[] = []
  const packAll = async () => {
    rmSync(folder, { recursive: true, force: true })
    const problems: string[] = []
    for (const member of published()) {
      const tarball = await pack(member, folder, signal)
      tarballs.push(tarball)
      const unpacked = await unpack(tarball, join(folder, member.manifest.name))
      problems.push(...tarballProblems(unpacked).map((problem) => `${member.manifest.name}: ${problem}`))
    }
    return { code: problems.length, output: problems.join('\n') }
  }
  const each = async (argv: (tarball: string) => string[]) => {
    const failures: string[] = tarballs.length === 0 ? ['nothing was packed'] : []
    for (const tarball of tarballs) {
      const { code, output } = await execute(argv(tarball))
      if (code !== 0) failures.push(output)
    }
    return { code: failures.length, output: failures.join('\n') }
  }
  const alone = async () => {
    const tarball = tarballs.find((file) => /\bharbor-simulator-[\d.]+\.tgz$/.test(file)) ?? ''
    await trySimulatorAlone(tarball, signal)
    return { code: 0, output: '' }
  }
  const fleet = async () => {
    const note = await tryFleetAlone(tarballs, signal)
    return { code: 0, output: '', note: note && `  ${note}` }
  }
  const attw = tool('attw', '@arethetypeswrong/cli')
  return [
    { name: 'pack', after: ['build'], run: packAll },
    { name: 'simulator alone', after: ['pack'], run: alone },
    { name: 'fleet alone', after: ['pack'], run: fleet },
    {
      name: 'publint',
      after: ['pack'],
      run: () => each((tarball) => [...tool('publint'), 'run', tarball, '--strict']),
    },
    {
      name: 'attw',
      after: ['pack'],
      run: () => each((tarball) => [...attw, tarball, '--profile', 'esm-only', '--no-definitely-typed']),
    },
  ]
}
