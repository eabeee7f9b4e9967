import type { Harbor } from '../harbor.ts'
import { companion } from './companion.ts'

/** The page of the package `@harbor/devtools`, as far as the command uses it. */
interface Page {
  readonly url: string
  close(): Promise<void>
}

interface Devtools {
  openDevtools(client: Harbor, options: { readonly name: string }): Promise<Page>
}

/**
 * Opens the page that shows the calls of a client.
 * @param name the title of the page
 * @throws UsageError if `@harbor/devtools` is not installed
 */
export async function openPage(client: Harbor, name: string): Promise<Page> {
  const devtools = await companion<Devtools>('@harbor/devtools', '--page')
  return devtools.openDevtools(client, { name })
}
