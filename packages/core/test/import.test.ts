import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

/** The files that a separate process has loaded after it has run this code. */
async function loadedBy(code: string): Promise<{ has: (part: string) => boolean }> {
  const tell = `
    ${code}
    const { cache } = (await import('node:module')).createRequire(import.meta.url)
    console.log(JSON.stringify(Object.keys(cache)))`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=@harbor/source', '--input-type=module', '--eval', tell],
    { cwd: import.meta.dirname },
  )
  const files = JSON.parse(stdout) as string[]
  return { has: (part) => files.some((file) => file.includes(part)) }
}

it('an import does not load undici, a client does', async () => {
  const imported = await loadedBy("await import('@harbor/core')")
  expect(imported.has('/undici/lib/')).toBe(false)
  const used = await loadedBy(`
    const { Harbor } = await import('@harbor/core')
    await new Harbor({ apiKey: 'key', baseURL: 'http://127.0.0.1:9/v1', maxRetries: 0 }).models.list().catch(() => {})`)
  expect(used.has('/undici/lib/')).toBe(true)
})
