import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { firstExample } from './beside.ts'
import { asCommonJs, asModule } from './first-example.ts'
import { ownDiagnostics } from './own-diagnostics.ts'
import { mustRun, run } from './run.ts'
import { tool } from './tool.ts'
import { root } from './workspace.ts'

/** By their names among the root's dev dependencies: the oldest TypeScript that docs/runtimes.md promises, 6, and 7. */
export const COMPILERS = ['typescript57', 'typescript', 'typescript7'] as const

export interface ConsumerOptions {
  /** A folder that does not exist yet, outside of any workspace. */
  folder: string
  /** What its user would type after `npm install`. */
  install: readonly string[]
  env: NodeJS.ProcessEnv
  signal: AbortSignal
}

/** A user's project: an empty folder into which npm has installed our packages. */
export class Consumer {
  readonly #options: ConsumerOptions

  private constructor(options: ConsumerOptions) {
    this.#options = options
  }

  static async install(options: ConsumerOptions): Promise<Consumer> {
    const consumer = new Consumer(options)
    mkdirSync(options.folder, { recursive: true })
    consumer.#write('package.json', JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
    await consumer.#run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...options.install])
    return consumer
  }

  /** Where npm put a package. */
  folderOf(packageName: string): string {
    return join(this.#options.folder, 'node_modules', packageName)
  }

  /** Loads the package both ways. */
  async load(packageName: string): Promise<void> {
    const name = JSON.stringify(packageName)
    await this.#runFile('load.js', `await import(${name})`)
    await this.#runFile('load.cjs', `require(${name})`)
  }

  /**
   * Runs the first example of the package's README as TypeScript, as an ES module and as CommonJS, and type-checks it against the installed
   * declarations with the last of `COMPILERS`. Resolves to false when the README has no TypeScript example.
   */
  async tryFirstExample(packageName: string): Promise<boolean> {
    const code = firstExample(this.folderOf(packageName))
    if (code === undefined) return false
    await this.checkFirstExamples([packageName], COMPILERS.slice(-1))
    await this.#runFile('example.ts', code)
    await this.#runFile('example.js', asModule(code))
    await this.#runFile('example.cjs', asCommonJs(code))
    return true
  }

  /**
   * Type-checks the first examples of READMEs, all together, against the installed declarations, with each compiler.
   * @throws with the errors that are ours: those in an example, and in a declaration of ours
   */
  async checkFirstExamples(
    packageNames: readonly string[],
    compilers: readonly (typeof COMPILERS)[number][],
  ): Promise<void> {
    const files = packageNames.flatMap((name) => {
      const code = firstExample(this.folderOf(name))
      if (code === undefined) return []
      const file = `${name.split('/').at(-1) ?? name}.ts`
      // A module, also without an import.
      this.#write(file, `${code}\nexport {}\n`)
      return [file]
    })
    const compilerOptions = {
      target: 'es2024',
      lib: ['es2024', 'esnext.disposable'],
      module: 'nodenext',
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      types: ['node'],
      typeRoots: [join(root, 'node_modules', '@types')],
    }
    this.#write('tsconfig.json', JSON.stringify({ compilerOptions, files }))
    const { folder, env, signal } = this.#options
    for (const compiler of compilers) {
      const [node, tsc] = tool('tsc', compiler)
      const { code, output } = await run(node, [tsc, '--pretty', 'false'], { cwd: folder, env, signal })
      const errors = code === 0 ? [] : ownDiagnostics(output)
      if (errors.length > 0) throw new Error(`${compiler} in ${folder}:\n${errors.join('\n')}`)
    }
  }

  async #runFile(name: string, code: string): Promise<void> {
    this.#write(name, code)
    await this.#run(process.execPath, [name])
  }

  #write(name: string, text: string): void {
    writeFileSync(join(this.#options.folder, name), text)
  }

  #run(command: string, args: string[]): Promise<string> {
    const { folder, env, signal } = this.#options
    return mustRun(command, args, { cwd: folder, env, signal, timeoutMs: 300_000 })
  }
}
