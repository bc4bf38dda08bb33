"""Message classes of Protocol Buffers files, by Google's compiler and library."""

import tempfile
from pathlib import Path

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2
from grpc_tools import protoc

_INCLUDED = Path(protoc.__file__).parent / "_proto"


def message_class(text):
    """The class of the first message of a file."""
    with tempfile.TemporaryDirectory() as folder:
        source, result = Path(folder, "schema.proto"), Path(folder, "schema.bin")
        source.write_text(text)
        arguments = [f"-I{folder}", f"-I{_INCLUDED}", f"--descriptor_set_out={result}", str(source)]
        assert protoc.main(["protoc", *arguments]) == 0, text
        files = descriptor_pb2.FileDescriptorSet.FromString(result.read_bytes())
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(files.file[0])
    name = files.file[0].message_type[0].name
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(name))
