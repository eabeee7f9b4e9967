import { build } from 'esbuild'
import { expect, it } from 'vitest'
import { pageAsText } from '../page-build.ts'
import type * as Devtools from '../src/index.ts'
import { DOCUMENT } from '../src/http/document.ts'
import { useClients } from './page.ts'

const { client } = useClients()

it('the built package needs nothing but Node, and serves the page that these tests have', async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [new URL('../src/index.ts', import.meta.url).pathname],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@harbor/source'],
    plugins: [pageAsText],
  })
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path))
  expect(imports.filter((path) => !path.startsWith('node:'))).toEqual([])
  const code = Buffer.from(outputFiles[0]?.contents ?? []).toString('base64')
  const { openDevtools } = (await import(`data:text/javascript;base64,${code}`)) as typeof Devtools
  await using page = await openDevtools(client())
  expect(await (await fetch(page.url)).text()).toBe(DOCUMENT)
})
