"""The C++ around a Verilated model that cocotb drives: a job's file, compiled with the model. Nothing here runs.

The order of callbacks is that of the program which cocotb 2.1 brings. Two things differ: time is kept in Verilator's
context, as the run-time library in the image expects, and there are no waves.
"""

NAME = "cocotb_main.cpp"
TEXT = """
#include "Vtb.h"
#include "verilated.h"
#include "verilated_vpi.h"
#include <algorithm>

extern "C" void vlog_startup_routines_bootstrap(void);

static void settle() {
    while (VerilatedVpi::callValueCbs()) {}
}

static void evaluate(Vtb* top) {  // all events of one time
    do {
        do {
            top->eval_step();
            VerilatedVpi::clearEvalNeeded();
            VerilatedVpi::doInertialPuts();
            settle();
        } while (VerilatedVpi::evalNeeded());
        VerilatedVpi::callCbs(cbReadWriteSynch);
        VerilatedVpi::doInertialPuts();
        settle();
    } while (VerilatedVpi::evalNeeded());
    top->eval_end_step();
    VerilatedVpi::callCbs(cbReadOnlySynch);
}

int main(int argc, char** argv) {
    const uint64_t never = ~0ULL;
    VerilatedContext* const context = Verilated::threadContextp();
    context->commandArgs(argc, argv);
    Vtb* const top = new Vtb(context, "");
    Verilated::fatalOnVpiError(false);
    vlog_startup_routines_bootstrap();
    VerilatedVpi::callCbs(cbStartOfSimulation);
    settle();
    while (!context->gotFinish()) {
        evaluate(top);
        const uint64_t design = top->eventsPending() ? top->nextTimeSlot() : never;
        const uint64_t next = std::min<uint64_t>(VerilatedVpi::cbNextDeadline(), design);
        if (next == never) break;
        context->time(next);
        VerilatedVpi::callCbs(cbNextSimTime);
        settle();
        VerilatedVpi::callTimedCbs();
        settle();
    }
    top->final();
    VerilatedVpi::callCbs(cbEndOfSimulation);
    return 0;
}
"""
