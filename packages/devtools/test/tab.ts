import type { Browser, Page } from 'playwright-core'
import { expect, onTestFinished } from 'vitest'

/** A tab with the page of a client. Code for the browser is text here, since the tests are checked without the browser's types. */
export interface Tab {
  readonly page: Page
  /** The URLs of all requests. */
  readonly requests: readonly string[]
  /** Errors of the page, and everything that the console of the browser shows. */
  readonly problems: readonly string[]
  /** Waits until the list has a number of receipts. */
  rows(count: number): Promise<void>
  /** Returns the values of an attribute of all rows. */
  attributes(name: string): Promise<(string | null)[]>
  /** Returns the value of an expression in the browser. */
  value(expression: string): Promise<unknown>
}

/** Opens a page in a new tab, and waits until it is connected. */
export async function openTab(browser: Browser, url: string): Promise<Tab> {
  const [context = await browser.newContext({ viewport: { width: 1440, height: 900 } })] = browser.contexts()
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const page = await context.newPage()
  onTestFinished(() => page.close())
  // As in vitest.base.ts.
  page.setDefaultTimeout(100_000)
  const [requests, problems]: [string[], string[]] = [[], []]
  page.on('request', (request) => requests.push(request.url()))
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => problems.push(message.text()))
  await page.goto(url)
  await page.getByText('live').waitFor()
  return {
    page,
    requests,
    problems,
    rows: async (count) => {
      await expect.poll(() => page.locator('[data-receipt]').count()).toBe(count)
    },
    attributes: (name) =>
      page.evaluate(
        `[...document.querySelectorAll('[data-receipt]')].map((row) => row.getAttribute('${name}'))`,
      ),
    value: (expression) => page.evaluate(expression),
  }
}
