import { existsSync, globSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build, defaultServerConditions } from 'vite'
import type { TestProject } from 'vitest/node'

/**
 * Global setup of a package whose tests start programs: bundles each program with all that it imports. A process then loads one file instead of 400
 * sources, and is ready in a third of the CPU time. `harbor` is `.programs/cli/bin.js`, and `test/fixtures/a.ts` is `.programs/fixtures/a.js`.
 */
export async function setup({ config: { root } }: TestProject): Promise<void> {
  const input: Record<string, string> = {}
  for (const path of globSync('test/fixtures/*.ts', { cwd: root }))
    input[`fixtures/${basename(path, '.ts')}`] = join(root, path)
  const command = join(root, 'src/cli/bin.ts')
  if (existsSync(command)) input['cli/bin'] = command
  if (Object.keys(input).length === 0) return
  const conditions = ['@harbor/source', ...defaultServerConditions]
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true, resolve: { conditions } },
    build: {
      ssr: true,
      target: 'node22',
      minify: false,
      outDir: '.programs',
      rolldownOptions: {
        input,
        output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  })
}
