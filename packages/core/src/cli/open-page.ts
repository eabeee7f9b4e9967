import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Harbor } from '../harbor.ts'
import { UsageError } from './options.ts'

/** The page of the package `@harbor/devtools`, as far as the command uses it. */
interface Page {
  readonly url: string
  close(): Promise<void>
}

interface Devtools {
  openDevtools(client: Harbor, options: { readonly name: string }): Promise<Page>
}

const PACKAGE = '@harbor/devtools'

/**
 * Opens the page that shows the calls of a client.
 * @param name the title of the page
 * @throws UsageError if `@harbor/devtools` is not installed
 */
export async function openPage(client: Harbor, name: string): Promise<Page> {
  // The working directory first, since the command may have been started from a cache of npx.
  const path = pathFrom(join(process.cwd(), '/')) ?? pathFrom(import.meta.url)
  if (path === undefined)
    throw new UsageError(`--page needs ${PACKAGE}, which is not installed here: npm install ${PACKAGE}`)
  const devtools = (await import(pathToFileURL(path).href)) as Devtools
  return devtools.openDevtools(client, { name })
}

/** Returns where the package is installed, as seen from a folder or a file; undefined if it is not. */
function pathFrom(place: string): string | undefined {
  try {
    return createRequire(place).resolve(PACKAGE)
  } catch {
    return undefined
  }
}
