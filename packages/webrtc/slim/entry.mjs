export { default } from 'simple-peer/index.js'
