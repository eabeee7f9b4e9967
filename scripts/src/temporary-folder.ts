import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TemporaryFolder extends Disposable {
  readonly path: string
}

/** A new folder that is gone with everything in it at the end of its scope, and at the latest when the process ends. */
export function temporaryFolder(prefix: string, parent = tmpdir()): TemporaryFolder {
  const path = mkdtempSync(join(realpathSync(parent), prefix))
  const remove = () => {
    process.removeListener('exit', remove)
    rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
  process.once('exit', remove)
  return { path, [Symbol.dispose]: remove }
}
