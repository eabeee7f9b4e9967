import { sharedExcept } from '../../vitest.base.ts'

// The library that drives the browser replaces functions of its process.
export default sharedExcept('test/browser.test.ts')
