#!/bin/sh
# Compiles once, into the image, what every Verilated model shares: the run-time library and a precompiled header.
# Most of the 8 s that `verilator --binary` takes for a small design go there. Runs inside the image, as root; the result
# is read-only for jobs, so no job can change what another one links. Leaves in /opt/verireason/verilator:
#   flags               options for g++ (`g++ @flags`): those the library and the header were made with
#   libverilated.so     the run-time library with timing (coroutines), threads and random numbers
#   libverilated_vpi.so what VPI needs beside it
#   pch.h, pch.h.gch    the precompiled header; g++ refuses it unless the options are exactly those of `flags`
#   build               `sh build DIRECTORY [MORE g++ OPTIONS]`: from what `verilator --cc` made there to a program, DIRECTORY/sim
set -eu
here=/opt/verireason/verilator
source=/usr/share/verilator/include
mkdir -p "$here"
cd "$here"

# Models are compiled without optimisation: they run for milliseconds and compile for half a second. The library is not.
cat >flags <<END
-I$source -I$source/vltstd
-DVM_COVERAGE=0 -DVM_SC=0 -DVM_TIMING=1 -DVM_TRACE=0 -DVM_TRACE_FST=0 -DVM_TRACE_VCD=0 -DVL_TIME_CONTEXT
-faligned-new -fcoroutines -fcf-protection=none -fPIC -pthread -w
END

library() { # NAME PARTS... -- LINK OPTIONS...
    name=$1
    shift
    objects=""
    while [ "$1" != -- ]; do
        g++ @flags -O2 -c "$source/verilated$1.cpp" -o "verilated$1.o"
        objects="$objects verilated$1.o"
        shift
    done
    shift
    # shellcheck disable=SC2086 # a list of files
    g++ -shared -O2 -Wl,-soname,"$name" -o "$name" $objects "$@" -pthread
    # shellcheck disable=SC2086
    rm $objects
}
library libverilated.so "" _timing _threads _random _probdist --
library libverilated_vpi.so _vpi _dpi -- -L. -lverilated "-Wl,-rpath,$here"

printf '#include "verilated.h"\n#include "verilated_timing.h"\n' >pch.h
g++ @flags -O0 -x c++-header pch.h -o pch.h.gch

cat >build <<END
# Made by verilator-prebuild.sh. One translation unit, so that the compiler starts once.
set -eu
cd "\$1"
shift
printf '#include "%s"\n' *.cpp >all.cc
exec g++ @$here/flags -O0 -include $here/pch.h all.cc -o sim "\$@" -L$here -lverilated -Wl,-rpath,$here
END
chmod -R a+rX "$here"
