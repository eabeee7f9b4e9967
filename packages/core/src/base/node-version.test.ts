import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { assertNodeVersion } from './node-version.ts'

describe('the version of Node.js', () => {
  it.each(['22.19.0', '22.20.1', '23.0.0', '24.21.0', '100.0.0', '25.0.0-nightly'])(
    'is fine from %s',
    (version) => {
      expect(() => {
        assertNodeVersion(version)
      }).not.toThrow()
    },
  )

  it.each(['22.18.0', '22.2.0', '20.20.2', '18.0.0', '9.99.0'])(
    'is refused with both versions: %s',
    (version) => {
      expect(() => {
        assertNodeVersion(version)
      }).toThrow(`@harbor/core needs Node.js 22.19 or newer, and this is ${version}.`)
    },
  )

  it('is checked when the package is imported', async () => {
    const pretend =
      'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } })'
    const imported = promisify(execFile)(
      process.execPath,
      [
        '--conditions=@harbor/source',
        `--import=data:text/javascript,${encodeURIComponent(pretend)}`,
        '--input-type=module',
        '--eval',
        "await import('@harbor/core')",
      ],
      { cwd: import.meta.dirname },
    )
    await expect(imported).rejects.toThrow('needs Node.js 22.19 or newer, and this is 20.20.2')
  })
})
