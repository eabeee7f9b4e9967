import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'

const PATHS = [
  process.env['HARBOR_CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]

/** The browser of this machine; undefined if it has none. Nothing is downloaded. */
export const browserPath: string | undefined = PATHS.find((path) => path !== undefined && existsSync(path))

/** Starts the browser without a window. */
export function startBrowser(): Promise<Browser> {
  if (browserPath === undefined)
    throw new Error(
      'There is no Chromium. Install it (apt-get install -y chromium), or set HARBOR_CHROMIUM to its path.',
    )
  return chromium.launch({ executablePath: browserPath, args: ['--no-sandbox', '--disable-gpu'] })
}
