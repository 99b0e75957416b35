#!/usr/bin/env node
/** The process: the command line decides what it does. */
import { runCli } from './cli/run-cli.ts';

process.exitCode = await runCli(process.argv.slice(2));
