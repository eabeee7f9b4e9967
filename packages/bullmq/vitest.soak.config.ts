export { default } from '../../vitest.soak.base.ts'
