#!/usr/bin/env node
/** The process: the command line decides what it does. */
import { keepTickShape } from './cli/keep-tick-shape.ts';
import { runCli } from './cli/run-cli.ts';

keepTickShape();
process.exitCode = await runCli(process.argv.slice(2));
