import { requestKey } from '@harbor/cache'
import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun } from './run.ts'
import { pack } from './tarball.ts'
import { published, root } from './workspace.ts'

/** A user's project outside of the workspace, with the packed packages and the tools of `scripts/runtimes/package.json`. */
export class RuntimesProject {
  readonly #folder: string
  readonly #signal: AbortSignal

  private constructor(folder: string, signal: AbortSignal) {
    this.#folder = folder
    this.#signal = signal
  }

  static async install(parent: string, signal: AbortSignal): Promise<RuntimesProject> {
    const folder = join(parent, 'project')
    const tarballs: string[] = []
    for (const member of published()) tarballs.push(await pack(member, join(parent, 'tarballs'), signal))
    mkdirSync(folder)
    cpSync(join(root, 'scripts', 'runtimes'), folder, { recursive: true })
    const project = new RuntimesProject(folder, signal)
    await project.#run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...tarballs])
    return project
  }

  /** Throws with each word that the bundler said, and with what went wrong in the bundle. */
  async checkBrowserBundle(bundler: string): Promise<void> {
    const out = join(this.#folder, 'out', bundler)
    const words = JSON.parse(
      (await this.#node('bundle.js', bundler, out)).trim().split('\n').at(-1) ?? '',
    ) as string[]
    if (words.length > 0) throw new Error(`${bundler} says: ${words.join('\n')}`)
    const got = await this.#node('in-browser.js', join(out, 'bundle.js'))
    if (got.trim() !== IN_A_BROWSER)
      throw new Error(`bundled by ${bundler}, expected ${IN_A_BROWSER}, got ${got}`)
  }

  async runProgram(runtime: 'node' | 'bun' | 'deno'): Promise<void> {
    const program = 'node-program.js'
    if (runtime === 'node') {
      expectOk(await this.#node(program))
      return
    }
    const args = runtime === 'deno' ? ['run', '--allow-all', program] : [program]
    expectOk(await this.#run(join(this.#folder, 'node_modules', '.bin', runtime), args))
  }

  /** Without its own undici the bundle uses the runtime's fetch, and names what brings the pool back. */
  async checkNodeBundle(): Promise<void> {
    const bundle = join(this.#folder, 'out', 'node', 'bundle.mjs')
    await this.#node('node-bundle.js', bundle)
    const output = await this.#run(process.execPath, [bundle])
    expectOk(output)
    if (!output.includes('--external:undici'))
      throw new Error(`the bundle did not say what to set: ${output}`)
    await this.#node('node-bundle.js', bundle, 'with require')
    const quiet = await this.#run(process.execPath, [bundle])
    if (quiet.trim() !== 'ok') throw new Error(`the bundle with a require should only say ok: ${quiet}`)
  }

  #node(...args: string[]): Promise<string> {
    return this.#run(process.execPath, [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      ...args,
    ])
  }

  #run(command: string, args: string[]): Promise<string> {
    const env = { ...process.env, NO_COLOR: '1' }
    return mustRun(command, args, { cwd: this.#folder, env, signal: this.#signal, timeoutMs: 300_000 })
  }
}

/** What `browser-program.js` comes to, by its promise to use each package once. */
const IN_A_BROWSER = JSON.stringify({
  retry: 'retried',
  breaker: 'closed',
  fallback: 'second',
  cache: 'loaded',
  batch: 42,
  lines: '1,2',
  bulk: '2,3,4',
  key: requestKey({ model: 'm' }, { baseURL: 'https://example.com/v1', scope: 'a' }),
  journal: 'explained',
})

function expectOk(output: string): void {
  if (output.trim().split('\n').at(-1) !== 'ok') throw new Error(output)
}
