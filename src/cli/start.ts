import { ontdubbel } from './main'
import { stopWhenNobodyReads } from './output'

// what bin/ontdubbel.js runs, as it was built or bundled: a process that is one command
stopWhenNobodyReads()
void ontdubbel().then((code) => process.exit(code))
