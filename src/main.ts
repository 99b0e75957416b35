#!/usr/bin/env node
/** The process: the command line decides what it does. */
import { keepCallsYoung } from './cli/keep-calls-young.ts';
import { keepTickShape } from './cli/keep-tick-shape.ts';
import { runCli } from './cli/run-cli.ts';

keepCallsYoung();
keepTickShape();
process.exitCode = await runCli(process.argv.slice(2));
