package dev.crema.tensor.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.crema.tensor.machine.Assembler.Part;
import dev.crema.tensor.machine.Assembler.Register;
import java.util.HexFormat;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Instructions against what the GNU assembler 2.40 makes of the same text. */
class Avx2Test {
    private static void check(String text, String bytes, Consumer<Avx2> instruction) {
        Avx2 assembler = new Avx2();
        instruction.accept(assembler);
        assertThat(HexFormat.ofDelimiter(" ").formatHex(assembler.code()))
                .as(text)
                .isEqualTo(bytes);
    }

    /** Returns a constant as it stands behind the code. */
    private static String each(String bytes) {
        return (" " + bytes).repeat(8);
    }

    @Test
    void readsAndWrites() {
        check("vmovups 0x40(%rsi),%ymm9", "c5 7c 10 8e 40 00 00 00", a -> a.load(9, Register.RSI, 0x40));
        check("vmovups 0x40(%r8),%ymm3", "c4 c1 7c 10 98 40 00 00 00", a -> a.load(3, Register.R8, 0x40));
        check(
                "vmovups %ymm12,0x80(%rcx)",
                "c5 7c 11 a1 80 00 00 00", a -> a.store(Register.RCX, 0x80, 12, Assembler.ALL));
        check(
                "vmovups %xmm8,0x20(%r8)",
                "c4 41 78 11 80 20 00 00 00", a -> a.storeHalf(Register.R8, 0x20, 8, Assembler.ALL));
        check(
                "vpmovzxwd 0x20(%rax),%ymm12; vpslld $16,%ymm12,%ymm12",
                "c4 62 7d 33 a0 20 00 00 00 c4 c1 1d 72 f4 10", a -> a.loadHalf(12, Register.RAX, 0x20, Assembler.ALL));
        check(
                "vaddps 0x40(%rcx),%ymm10,%ymm10",
                "c5 2c 58 91 40 00 00 00", a -> a.addFrom(10, Register.RCX, 0x40, Assembler.ALL));
        check(
                "vbroadcastss 0x300(%rdi),%ymm14",
                "c4 62 7d 18 b7 00 03 00 00", a -> a.broadcast(Part.WHOLE, 14, Register.RDI, 0x300));
    }

    @Test
    void takesPairsApart() {
        check(
                "vbroadcastss 0x300(%rdi),%ymm14; vpslld $16,%ymm14,%ymm14",
                "c4 62 7d 18 b7 00 03 00 00 c4 c1 0d 72 f6 10", a -> a.broadcast(Part.LOWER, 14, Register.RDI, 0x300));
        check(
                "vbroadcastss 0x300(%rdi),%ymm14; vpand %ymm15,%ymm14,%ymm14",
                "c4 62 7d 18 b7 00 03 00 00 c4 41 0d db f7", a -> a.broadcast(Part.UPPER, 14, Register.RDI, 0x300));
        check(
                "vmovups 0x40(%rsi),%ymm12; vpslld $16,%ymm12,%ymm12",
                "c5 7c 10 a6 40 00 00 00 c4 c1 1d 72 f4 10", a -> a.load(Part.LOWER, 12, Register.RSI, 0x40));
        check(
                "vpand 0x40(%rsi),%ymm15,%ymm12",
                "c5 05 db a6 40 00 00 00", a -> a.load(Part.UPPER, 12, Register.RSI, 0x40));
        check("vpmovzxwd %xmm12,%ymm7", "c4 c2 7d 33 fc", a -> a.widen(7, 12));
        check("vpslld $16,%ymm7,%ymm7; vpor %ymm6,%ymm7,%ymm7", "c5 c5 72 f7 10 c5 c5 eb fe", a -> a.pair(7, 6));
    }

    @Test
    void computes() {
        check("vaddps %ymm13,%ymm7,%ymm7", "c4 c1 44 58 fd", a -> a.add(7, 7, 13));
        check("vsubps %ymm0,%ymm4,%ymm4", "c5 dc 5c e0", a -> a.subtract(4, 4, 0));
        check("vmaxps %ymm10,%ymm7,%ymm9", "c4 41 44 5f ca", a -> a.largest(9, 7, 10));
        check("vmulps %ymm9,%ymm12,%ymm3", "c4 c1 1c 59 d9", a -> a.multiply(3, 12, 9));
        check("vdivps %ymm13,%ymm2,%ymm8", "c4 41 6c 5e c5", a -> a.divide(8, 2, 13));
        check("vxorps %ymm12,%ymm12,%ymm12", "c4 41 1c 57 e4", a -> a.clear(12));
        check("vfmadd231ps %ymm14,%ymm12,%ymm11", "c4 42 1d b8 de", a -> a.multiplyAdd(false, 11, 12, 14));
        check("the same, of parts of pairs", "c4 42 1d b8 de", a -> a.multiplyAdd(true, 11, 12, 14));
    }

    @Test
    void movesLanes() {
        check("vbroadcastss %xmm2,%ymm2", "c4 e2 7d 18 d2", a -> a.spread(2, 2));
        check("vperm2f128 $0x21,%ymm3,%ymm3,%ymm4", "c4 e3 65 06 e3 21", a -> a.exchange(4, 3, 4));
        check("vpermilps $0x4e,%ymm3,%ymm4", "c4 e3 7d 04 e3 4e", a -> a.exchange(4, 3, 2));
        check("vpermilps $0xb1,%ymm13,%ymm4", "c4 c3 7d 04 e5 b1", a -> a.exchange(4, 13, 1));
        check("vperm2f128 $0x31,%ymm14,%ymm2,%ymm8", "c4 43 6d 06 c6 31", a -> a.halves(8, 2, 14, 1, 1));
        check("vunpcklps %ymm11,%ymm2,%ymm8", "c4 41 6c 14 c3", a -> a.mixLower(8, 2, 11));
        check("vunpckhps %ymm11,%ymm2,%ymm8", "c4 41 6c 15 c3", a -> a.mixUpper(8, 2, 11));
        check("vunpcklpd %ymm11,%ymm2,%ymm8", "c4 41 6d 14 c3", a -> a.joinLower(8, 2, 11));
        check("vunpckhpd %ymm11,%ymm2,%ymm8", "c4 41 6d 15 c3", a -> a.joinUpper(8, 2, 11));
    }

    @Test
    void readsAndWritesTheFirstLanes() {
        String mask = " ff ff ff ff".repeat(3) + " 00 00 00 00".repeat(5);
        check(
                "vmovups c(%rip),%ymm15; vmaskmovps %ymm3,%ymm15,0x20(%rcx)",
                "c5 7c 10 3d 09 00 00 00 c4 e2 05 2e 99 20 00 00 00" + mask, a -> {
                    a.mask(1, 3);
                    a.store(Register.RCX, 0x20, 3, 1);
                });
        check(
                "vmovups c(%rip),%ymm15; vmaskmovps 0x20(%rcx),%ymm15,%ymm15; vaddps %ymm15,%ymm10,%ymm10",
                "c5 7c 10 3d 0e 00 00 00 c4 62 05 2c b9 20 00 00 00 c4 41 2c 58 d7" + mask, a -> {
                    a.mask(1, 3);
                    a.addFrom(10, Register.RCX, 0x20, 1);
                });
        check(
                "vxorps %ymm12,%ymm12,%ymm12; vpinsrw $0,0x20(%rax),%xmm12,%xmm12; "
                        + "vpinsrw $1,0x22(%rax),%xmm12,%xmm12; vpmovzxwd %xmm12,%ymm12; vpslld $16,%ymm12,%ymm12",
                "c4 41 1c 57 e4 c5 19 c4 a0 20 00 00 00 00 c5 19 c4 a0 22 00 00 00 01 c4 42 7d 33 e4 "
                        + "c4 c1 1d 72 f4 10",
                a -> {
                    a.mask(2, 2);
                    a.loadHalf(12, Register.RAX, 0x20, 2);
                });
        check(
                "vpextrw $0,%xmm14,0x20(%rcx); vpextrw $1,%xmm14,0x22(%rcx)",
                "c4 63 79 15 b1 20 00 00 00 00 c4 63 79 15 b1 22 00 00 00 01", a -> {
                    a.mask(2, 2);
                    a.storeHalf(Register.RCX, 0x20, 14, 2);
                });
    }

    @Test
    void computesExponentials() {
        check(
                "vmovups c(%rip),%ymm15; vmaxps %ymm9,%ymm15,%ymm9; vmovups d(%rip),%ymm15; vminps %ymm9,%ymm15,%ymm9; "
                        + "vroundps $1,%ymm9,%ymm15; vsubps %ymm15,%ymm9,%ymm6; c: -127; d: 128",
                "c5 7c 10 3d 1d 00 00 00 c4 41 04 5f c9 c5 7c 10 3d 30 00 00 00 c4 41 04 5d c9 c4 43 7d 08 f9 01 "
                        + "c4 c1 34 5c f7" + each("00 00 fe c2") + each("00 00 00 43"),
                a -> a.fraction(6, 9));
        check(
                "vroundps $1,%ymm9,%ymm15; vcvtps2dq %ymm15,%ymm15; vpaddd c(%rip),%ymm15,%ymm15; "
                        + "vpslld $23,%ymm15,%ymm15; vmulps %ymm15,%ymm12,%ymm3; c: 127",
                "c4 43 7d 08 f9 01 c4 41 7d 5b ff c5 05 fe 3d 0b 00 00 00 c4 c1 05 72 f7 17 c4 c1 1c 59 df"
                        + each("7f 00 00 00"),
                a -> a.scale(3, 12, 9));
    }

    @Test
    void roundsToBf16() {
        check(
                "vpsrld $16,%ymm8,%ymm15; vpand c(%rip),%ymm15,%ymm15; vpaddd d(%rip),%ymm15,%ymm15; "
                        + "vpaddd %ymm15,%ymm8,%ymm14; vpsrld $16,%ymm14,%ymm14; vpackusdw %ymm14,%ymm14,%ymm14; "
                        + "vpermq $0xd8,%ymm14,%ymm14; c: 1; d: 0x7fff",
                "c4 c1 05 72 d0 10 c5 05 db 3d 1e 00 00 00 c5 05 fe 3d 36 00 00 00 c4 41 3d fe f7 c4 c1 0d 72 d6 10 "
                        + "c4 42 0d 2b f6 c4 43 fd 00 f6 d8" + each("01 00 00 00") + each("ff 7f 00 00"),
                a -> a.roundToBf16(14, 8));
    }

    @Test
    void readsConstantsFromBehindTheCode() {
        check(
                "vmulps c(%rip),%ymm1,%ymm14; c: 1",
                "c5 74 59 35 00 00 00 00" + each("00 00 80 3f"), a -> a.multiplyBy(1, 14, 1));
        check(
                "vaddps c(%rip),%ymm13,%ymm12; vfmadd213ps d(%rip),%ymm14,%ymm13; c: 2; d: 1",
                "c5 14 58 25 09 00 00 00 c4 62 0d a8 2d 20 00 00 00" + each("00 00 00 40") + each("00 00 80 3f"), a -> {
                    a.addConstant(2, 12, 13);
                    a.horner(13, 14, 1);
                });
    }
}
