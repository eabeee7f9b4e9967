import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { UsageError } from './options.ts'

/**
 * Loads a package that the command uses if it is installed. It is looked for from the working directory first, since the command may have been started
 * from a cache of npx; then from this package; and then from the program that was started, which may be the command of that package.
 *
 * @param needs what needs the package, for the message, such as `--page`
 * @returns what the package exports
 * @throws UsageError that says what to install
 */
export async function companion<Exports>(name: string, needs: string): Promise<Exports> {
  const path = companionPath(name)
  if (path === undefined)
    throw new UsageError(
      `${needs} needs ${name}, which is not installed here: npm install ${installed(name)}`,
    )
  return (await import(pathToFileURL(path).href)) as Exports
}

/** Returns where a package is installed; undefined if it is not. */
export function companionPath(name: string): string | undefined {
  return (
    pathFrom(join(process.cwd(), '/'), name) ?? pathFrom(import.meta.url, name) ?? pathFrom(startedAt(), name)
  )
}

function pathFrom(place: string, name: string): string | undefined {
  try {
    return createRequire(place).resolve(name)
  } catch {
    return undefined
  }
}

/** The file of the program that was started. A link in a folder of commands leads to the package. */
function startedAt(): string {
  const [, script = ''] = process.argv
  try {
    return realpathSync(script)
  } catch {
    return script
  }
}

/** What has to be installed with a package. */
function installed(name: string): string {
  return name === '@harbor/bullmq' ? `${name} bullmq ioredis` : name
}
