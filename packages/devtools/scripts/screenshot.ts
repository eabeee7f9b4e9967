import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openDevtools } from '../src/index.ts'
import { startBrowser } from './browser.ts'
import { makeCalls, startTraffic } from './traffic.ts'

/**
 * Makes the pictures of the page, with simulated traffic.
 *
 *     node --conditions=@harbor/source scripts/screenshot.ts [folder]
 */
const folder = process.argv[2] ?? join(import.meta.dirname, '..', 'pictures')
mkdirSync(folder, { recursive: true })
const traffic = await startTraffic()
const page = await openDevtools(traffic.harbor, { name: 'shop-api' })
const browser = await startBrowser()
try {
  const tab = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  tab.on('console', (message) => console.log('console:', message.text()))
  tab.on('pageerror', (error) => console.log('error:', error.message))
  await tab.goto(page.url)
  await makeCalls(traffic.harbor, 220)
  void makeCalls(traffic.harbor, 3, 1)
  await tab.locator('.item .row', { hasText: 'fallback' }).filter({ hasText: 'openai/gpt-5' }).first().click()
  await tab.waitForTimeout(300)
  for (const colorScheme of ['light', 'dark'] as const) {
    await tab.emulateMedia({ colorScheme })
    await tab.screenshot({ path: join(folder, `${colorScheme}.png`) })
  }
} finally {
  await browser.close()
  await page.close()
  await traffic.close()
}
