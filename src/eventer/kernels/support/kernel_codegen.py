"""Generates code for kernels alone, in the compile process. Importing this module imports Numba.

Numba optimises every function that a kernel calls, and generates machine code for it, before it
inlines the function into the kernel. Only the machine code of kernels is kept. Some of its passes
serve features of Python that kernels do not use. Without both, compilation takes two thirds of the
time. If a kernel cannot be compiled so, the client compiles it with all of Numba.
"""

from __future__ import annotations

from typing import Any, Final

from eventer.kernels.support.jit import KERNEL_MARK
from eventer.kernels.support.numba_loading import numba

numba()  # before its parts

from numba.core.codegen import JITCodeLibrary, JITCPUCodegen  # noqa: E402
from numba.core.compiler import Compiler, DefaultPassBuilder  # noqa: E402
from numba.core.registry import cpu_target  # noqa: E402
from numba.core.runtime.nrt import rtsys  # noqa: E402

_UNUSED_PASSES: Final = frozenset(
    {
        "DeadBranchPrune",  # arguments that are None
        "FindLiterallyCalls",
        "InlineClosureLikes",  # comprehensions, functions within functions
        "InlineInlinables",
        "InlineOverloads",
        "LiteralPropagationSubPipelinePass",
        "LiteralUnroll",
        "MakeFunctionToJitFunction",
        "NopythonRewrites",  # expressions of whole arrays
        "RewriteDynamicRaises",
        "WithLifting",
    }
)


def _pipelines(compiler: Compiler) -> list[Any]:
    """Numba's passes without those that kernels do not need."""
    manager: Any = DefaultPassBuilder.define_nopython_pipeline(compiler.state)  # type: ignore[no-untyped-call]
    manager.passes = [step for step in manager.passes if step[0].__name__ not in _UNUSED_PASSES]
    return [manager]


class _Library(JITCodeLibrary):
    """The code of one function. That of a function that is not a kernel is only for linking."""

    @property
    def _is_kernel(self) -> bool:
        return KERNEL_MARK in self.name

    def _optimize_final_module(self) -> None:
        if self._is_kernel:
            super()._optimize_final_module()  # type: ignore[no-untyped-call]

    def _finalize_final_module(self) -> None:
        if self._is_kernel:
            super()._finalize_final_module()  # type: ignore[no-untyped-call]
        else:
            self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """The address of the machine code; 0 if it has none."""
        if not self._is_kernel:
            return 0
        address: int = super().get_pointer_to_function(name)  # type: ignore[no-untyped-call]
        return address


class _Codegen(JITCPUCodegen):
    _library_class = _Library

    def set_env(self, env_name: str, env: Any) -> None:
        """Stores the environment of a function, if it has machine code."""
        if self._engine.get_global_value_address(env_name):
            super().set_env(env_name, env)  # type: ignore[no-untyped-call]


def generate_code_for_kernels_alone() -> None:
    """Changes Numba in this process, which cannot call other compiled functions then."""
    context: Any = cpu_target.target_context
    context.refresh()
    rtsys.initialize(context)  # with all of Numba, because its functions are called
    Compiler.define_pipelines = _pipelines  # type: ignore[method-assign]
    codegen = _Codegen("eventer.kernels")  # type: ignore[no-untyped-call]
    context._internal_codegen = codegen  # noqa: SLF001
