import { sharedExcept } from '../../vitest.base.ts'

// These replace modules, or the clock with which the package was loaded.
export default sharedExcept('src/undici/load-dispatcher.test.ts', 'test/long-answers.test.ts')
