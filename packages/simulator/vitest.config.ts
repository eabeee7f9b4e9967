export { shared as default } from '../../vitest.base.ts'
