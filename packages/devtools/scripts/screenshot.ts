import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openDevtools } from '../src/index.ts'
import { startBrowser } from './browser.ts'
import { smallPng } from './small-png.ts'
import { makeCalls, startTraffic } from './traffic.ts'

/**
 * Makes the pictures of the README, with simulated traffic; with a folder, pictures of all widths for its reader to look at.
 *
 *     node --conditions=@harbor/source scripts/screenshot.ts [folder]
 */
const folder = process.argv[2]
const pictures = join(import.meta.dirname, '..', 'pictures')
const README_SIZE = { width: 1280, height: 760 }
const SIZES =
  folder === undefined
    ? [README_SIZE]
    : [{ width: 1440, height: 900 }, README_SIZE, { width: 760, height: 1000 }]

const traffic = await startTraffic()
const page = await openDevtools(traffic.harbor, { name: 'shop-api' })
const browser = await startBrowser()
try {
  mkdirSync(folder ?? pictures, { recursive: true })
  const tab = await browser.newPage({ viewport: README_SIZE })
  tab.on('console', (message) => console.log('console:', message.text()))
  tab.on('pageerror', (error) => console.log('error:', error.message))
  await tab.goto(page.url)
  await makeCalls(traffic.harbor, 220)
  const calls = makeCalls(traffic.harbor, 40, 30)
  await tab.waitForTimeout(1_000)
  const rows = tab.locator('.item .row', { hasText: 'fallback' })
  await rows.filter({ hasText: 'openai/gpt-5' }).first().click()
  await tab.mouse.move(0, 0)
  await tab.evaluate(`document.querySelector('.item.open').scrollIntoView({ block: 'center' })`)
  await tab.waitForTimeout(300)
  for (const size of SIZES) {
    await tab.setViewportSize(size)
    for (const colorScheme of ['light', 'dark'] as const) {
      await tab.emulateMedia({ colorScheme })
      const name = folder === undefined ? `${colorScheme}.png` : `${colorScheme}-${size.width}.png`
      writeFileSync(join(folder ?? pictures, name), smallPng(await tab.screenshot()))
    }
  }
  await calls
} finally {
  await browser.close()
  await page.close()
  await traffic.close()
}
