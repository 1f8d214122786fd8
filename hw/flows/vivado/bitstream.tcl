# Batch project: processing system, interconnect and accelerator to a bit file and its hwh, of one stem, in $out_dir.
# hw/flows/vivado/flow.py runs `vivado -mode batch -source bitstream.tcl -tclargs settings.tcl`; settings.tcl sets
#   stem part processor (zynq or zynqmp) crystal_mhz clock_mhz
#   module instance port base_address range_bytes sources saif saif_instance out_dir
# Reports and timing.json are written always, the bit file only when setup and hold are met.

source [lindex $argv 0]

create_project -force $stem project -part $part
add_files -norecurse $sources
set_property verilog_define SYNTHESIS=1 [current_fileset]
update_compile_order -fileset sources_1

# Memory and pins of the processor are the boot loader's to set: here are its clock and what joins it to the logic.
create_bd_design system
if {$processor eq "zynq"} {
  set ps [create_bd_cell -type ip -vlnv xilinx.com:ip:processing_system7 ps]
  set_property -dict [list CONFIG.PCW_CRYSTAL_PERIPHERAL_FREQMHZ $crystal_mhz \
    CONFIG.PCW_FCLK0_PERIPHERAL_CLKSRC {IO PLL} CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ $clock_mhz \
    CONFIG.PCW_EN_CLK0_PORT 1 CONFIG.PCW_EN_RST0_PORT 1 CONFIG.PCW_USE_M_AXI_GP0 1 \
    CONFIG.PCW_USE_FABRIC_INTERRUPT 1 CONFIG.PCW_IRQ_F2P_INTR 1] $ps
  apply_bd_automation -rule xilinx.com:bd_rule:processing_system7 \
    -config {make_external "FIXED_IO, DDR" apply_board_preset "0" Master "Disable" Slave "Disable"} $ps
  lassign {FCLK_CLK0 FCLK_RESET0_N M_AXI_GP0_ACLK IRQ_F2P} clock reset port_clock interrupt
  set actual CONFIG.PCW_ACT_FPGA0_PERIPHERAL_FREQMHZ
} else {
  set ps [create_bd_cell -type ip -vlnv xilinx.com:ip:zynq_ultra_ps_e ps]
  set_property -dict [list CONFIG.PSU__PSS_REF_CLK__FREQMHZ $crystal_mhz \
    CONFIG.PSU__CRL_APB__PL0_REF_CTRL__SRCSEL IOPLL CONFIG.PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ $clock_mhz \
    CONFIG.PSU__FPGA_PL0_ENABLE 1 CONFIG.PSU__USE__M_AXI_GP0 1 CONFIG.PSU__MAXIGP0__DATA_WIDTH 32 \
    CONFIG.PSU__USE__M_AXI_GP1 0 CONFIG.PSU__USE__M_AXI_GP2 0 CONFIG.PSU__USE__IRQ0 1] $ps
  lassign {pl_clk0 pl_resetn0 maxihpm0_fpd_aclk pl_ps_irq0} clock reset port_clock interrupt
  set actual CONFIG.PSU__CRL_APB__PL0_REF_CTRL__ACT_FREQMHZ
}

set accelerator [create_bd_cell -type module -reference $module $instance]
set interconnect [create_bd_cell -type ip -vlnv xilinx.com:ip:smartconnect interconnect]
set_property -dict [list CONFIG.NUM_SI 1 CONFIG.NUM_MI 1] $interconnect
create_bd_cell -type ip -vlnv xilinx.com:ip:proc_sys_reset reset

connect_bd_intf_net [get_bd_intf_pins ps/$port] [get_bd_intf_pins interconnect/S00_AXI]
connect_bd_intf_net [get_bd_intf_pins interconnect/M00_AXI] [get_bd_intf_pins $instance/s_axi]
foreach pin [list ps/$port_clock interconnect/aclk $instance/aclk reset/slowest_sync_clk] {
  connect_bd_net [get_bd_pins ps/$clock] [get_bd_pins $pin]
}
connect_bd_net [get_bd_pins ps/$reset] [get_bd_pins reset/ext_reset_in]
connect_bd_net [get_bd_pins reset/interconnect_aresetn] [get_bd_pins interconnect/aresetn]
connect_bd_net [get_bd_pins reset/peripheral_aresetn] [get_bd_pins $instance/aresetn]
connect_bd_net [get_bd_pins $instance/interrupt] [get_bd_pins ps/$interrupt]
assign_bd_address -offset $base_address -range $range_bytes \
  -target_address_space [get_bd_addr_spaces ps/Data] [get_bd_addr_segs $instance/s_axi/reg0] -force
validate_bd_design
save_bd_design
set actual_mhz [get_property $actual $ps]

set_property synth_checkpoint_mode None [get_files system.bd]
generate_target all [get_files system.bd]
add_files -norecurse [make_wrapper -files [get_files system.bd] -top]
set_property top system_wrapper [current_fileset]
update_compile_order -fileset sources_1

launch_runs impl_1 -to_step route_design -jobs 4
wait_on_run impl_1
set status [get_property STATUS [get_runs impl_1]]
if {![string match "route_design Complete*" $status]} {
  error "implementation stopped: $status"
}
set setup_ns [get_property STATS.WNS [get_runs impl_1]]
set hold_ns [get_property STATS.WHS [get_runs impl_1]]

open_run impl_1
report_timing_summary -file $out_dir/timing.rpt
report_utilization -file $out_dir/utilization.rpt
if {$saif ne ""} {
  read_saif -strip_path $saif_instance -out_file $out_dir/saif_unmatched.rpt $saif
}
report_power -file $out_dir/power.rpt
set file [open $out_dir/timing.json w]
puts $file "{\"clock_mhz\": $actual_mhz, \"setup_slack_ns\": $setup_ns, \"hold_slack_ns\": $hold_ns}"
close $file
if {$setup_ns < 0 || $hold_ns < 0} {
  puts "timing is not met: setup $setup_ns ns, hold $hold_ns ns; no bit file is written"
  exit 0
}
write_bitstream -force $out_dir/$stem.bit
# Where the hwh lies: under project.gen since 2020.2, under project.srcs before.
set handoff [glob project/$stem.{gen,srcs}/sources_1/bd/system/hw_handoff/system.hwh]
file copy -force [lindex $handoff 0] $out_dir/$stem.hwh
