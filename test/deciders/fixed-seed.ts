import fc from 'fast-check'

// The same figures for the same code: properties try the same examples each time. In `npm test` they try others.
fc.configureGlobal({ seed: 1 })
